// `npm start`: the server, with the options of `fastdfs-s3 serve`.
import { runCommandLine } from './cli/run.ts';

await runCommandLine(['serve', ...process.argv.slice(2)]);
