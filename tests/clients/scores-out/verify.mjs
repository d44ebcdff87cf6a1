// The receiver's code as docs/guides/webhooks.md shows it, taken from there: it is the text itself that is tried.
import { readFileSync } from 'node:fs';

const guide = readFileSync(new URL('../../../docs/guides/webhooks.md', import.meta.url), 'utf8');
const [, code] = guide.match(/```js\n([\s\S]*?)```/);
const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
export const { verify } = module;
