/** What a person does with the folder that was published. Pure. */
import { formatAmount } from "../../simulator/common/foundation/figures.ts";
import { formatShellWord } from "../../simulator/common/foundation/foreign-syntax.ts";
import type { HostOptions } from "../options.ts";
import { WORK_FOLDER } from "./dockerfile.ts";
import { formatRunCommand } from "./publication.ts";

export const formatComposeReadme = (options: HostOptions): string => `# flink-apphost by docker compose

A Kafka, a Redis, and the application, which sends ${formatAmount(options.messages, "message")} through ${formatAmount(options.taskManagers, "TaskManager")}, proves
that each took effect exactly once, and ends. Written by \`flink-apphost publish compose\`; nothing here needs flink-apphost on this machine.

\`\`\`sh
docker compose up --build --exit-code-from app
\`\`\`

Its exit code is the verdict: 0 passed, 3 a server failed or the verdict is unknown, 4 exactly-once violated, 5 time budget
missed, 6 the job failed. The first start pulls the images of Kafka, Redis and Node, and builds that of the application, for
which npm needs its registry.

The report of the newest run as a page, and as a document; what a process wrote:

\`\`\`sh
docker compose run --rm report
docker compose cp app:${WORK_FOLDER}/report.html .
docker compose cp app:${WORK_FOLDER}/.flink-apphost/latest/report.json .
docker compose run --rm report logs jobmanager
\`\`\`

The application is called with

\`\`\`sh
flink-apphost ${formatRunCommand(options).map(formatShellWord).join(" ")}
\`\`\`

While it runs, any verb works inside it, the dashboard among them:

\`\`\`sh
docker compose exec app flink-apphost attach
docker compose exec app flink-apphost describe
\`\`\`

\`docker compose stop app\` ends a run in order, with exit code 143. A container that was killed leaves a run of which later ones
say that its host may still live; it is given up by \`docker compose run --rm report down --run ID --forget\`.

Each run has a topic and a state of its own, which stay in the volumes for whoever wants to look. This removes the containers
and the volumes, with all runs:

\`\`\`sh
docker compose down --volumes
\`\`\`

| file | holds |
| --- | --- |
| \`docker-compose.yaml\` | the services and their limits. Nothing listens outside of their own network |
| \`Dockerfile\`, \`.dockerignore\` | the image of the application: Node, and the package, as a user without rights |
| \`flink-apphost.tgz\` | the package, as \`npm pack\` makes it |
| \`.env\` | the password of Redis, of letters and digits; it belongs in no repository. It is kept when this folder is published again |
| \`.flink-apphost-publish.json\` | what was written here, by digest. Publishing again replaces only what nobody has changed since |
`;
