// net/openapi.json as the tests need it: operations in a list, references followed, schemas compiled.
import { readFileSync } from 'node:fs';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export const text = readFileSync(new URL('../../../net/openapi.json', import.meta.url), 'utf8');
export const document = JSON.parse(text);

/// What `value` stands for, when it is a reference.
export function follow(value) {
  if (!value?.$ref) return value;
  const steps = value.$ref.replace(/^#\//, '').split('/');
  return steps.reduce((at, step) => at[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}

/// Every operation: method, path, scopes (of which a key needs one; none: open to all), parameters, body, responses.
export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    id: operation.operationId,
    scopes: operation.security.flatMap((choice) => choice.key),
    parameters: (operation.parameters ?? []).map(follow),
    body: follow(operation.requestBody),
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => [status, follow(response)])
    ),
  }))
);

/// The examples beside a schema: `example`, or each of `examples`.
export function examplesOf({ example, examples }) {
  if (example !== undefined) return [example];
  return Object.values(examples ?? {}).map((each) => follow(each).value);
}

// A copy of the document in which an object may have no member that its schema does not name. For clients schemas stay
// open, since members may be added; for these tests a member that is not described is a mistake. References lead to
// the `$defs` of the schema "openapi", where ajv finds them.
function closed() {
  const copy = JSON.parse(text.replaceAll('"#/components/schemas/', '"openapi#/$defs/'));
  const parts = new Set();  // of what is put together, only the whole is closed
  const walk = (node, visit) => {
    if (node === null || typeof node !== 'object') return;
    visit(node);
    Object.values(node).forEach((child) => walk(child, visit));
  };
  walk(copy, (node) => {
    for (const part of node.allOf ?? []) parts.add(part.$ref.split('/').at(-1));
  });
  const close = (node) => {
    if (node.properties && node.additionalProperties === undefined) node.unevaluatedProperties = false;
  };
  for (const [name, schema] of Object.entries(copy.components.schemas)) {
    if (!parts.has(name)) walk(schema, close);
    else Object.values(schema.properties).forEach((member) => walk(member, close));
  }
  return copy;
}

const whole = closed();
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'openapi', $defs: whole.components.schemas });

/// A function that says what is wrong with a value of the schema at `pointer` (steps into the document); null: nothing.
export function checker(pointer) {
  const validate = ajv.compile(pointer.reduce((at, step) => at[step], whole));
  return (value) => (validate(value) ? null : ajv.errorsText(validate.errors));
}

/// Every place of the document with a schema and, beside it, examples: [pointer of the schema, examples].
export function places(node = document, pointer = []) {
  if (node === null || typeof node !== 'object') return [];
  const below = Object.entries(node).flatMap(([step, child]) =>
    step === 'example' || step === 'examples' ? [] : places(child, [...pointer, step])
  );
  return node.schema ? [[[...pointer, 'schema'], examplesOf(node)], ...below] : below;
}

/// Where the schema of an answer is, references followed; none: the operation does not describe such an answer.
export function answerPointer(operation, status, mediaType) {
  const place = ['paths', operation.path, operation.method.toLowerCase(), 'responses', String(status)];
  const response = place.reduce((at, step) => at?.[step], document);
  if (!response) return undefined;
  const base = response.$ref ? response.$ref.slice(2).split('/') : place;
  return follow(response).content?.[mediaType] ? [...base, 'content', mediaType, 'schema'] : undefined;
}
