/** `npm run build`: builds everything into `out/`. */
import { checkNode } from './lib/provide.mjs';
import { build } from './lib/build.mjs';

checkNode();
process.exit(build());
