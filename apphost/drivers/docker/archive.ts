/**
 * A tar archive with one file, as the engine takes it to put a file into a container. Pure.
 *
 *   header (512 bytes): name 100 · mode 8 · uid 8 · gid 8 · size 12 · time 12 · checksum 8 · type 1 · link 100 ·
 *   "ustar\0" 6 · "00" 2 · zeros      numbers in octal, ended by NUL; then the content in blocks of 512; two empty blocks
 */
const BLOCK_BYTES = 512;
const NAME_BYTES_MAX = 100;
const CHECKSUM_AT = 148;

export interface ArchivedFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
  readonly ownerId: number;
}

export function createArchive(file: ArchivedFile): Buffer {
  const content = Buffer.from(file.text);
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([createHeader(file, content.length), content, Buffer.alloc(padding + 2 * BLOCK_BYTES)]);
}

function createHeader({ name, mode, ownerId }: ArchivedFile, sizeBytes: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw new RangeError(`the name ${name} is too long for an archive`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const writeOctal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(name, 0);
  writeOctal(mode, 100, 8);
  writeOctal(ownerId, 108, 8);
  writeOctal(ownerId, 116, 8);
  writeOctal(sizeBytes, 124, 12);
  writeOctal(0, 136, 12);
  header.write("0", 156, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  // The sum is made over a header whose own field is blank.
  header.fill(" ", CHECKSUM_AT, CHECKSUM_AT + 8, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM_AT, "latin1");
  return header;
}
