/** A Node process that does nothing: the least that any process of ours can cost. It ends with its channel. */
process.channel?.ref();
process.on("disconnect", () => process.exit());
process.send?.("ready");
