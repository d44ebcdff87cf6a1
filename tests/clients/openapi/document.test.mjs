// net/openapi.json is a valid OpenAPI document, and its examples are what its schemas say.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { checker, document, examplesOf, operations, places, text } from './document.mjs';

describe('net/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(text));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
    assert.equal(validator.version, '3.1');
  });

  it('has an id of its own for each operation, and a parameter for each name in a path', () => {
    assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length);
    for (const { path, parameters } of operations) {
      const named = [...path.matchAll(/{([^}]+)}/g)].map(([, name]) => name);
      assert.deepEqual(parameters.filter((p) => p.in === 'path').map((p) => p.name), named, path);
      for (const parameter of parameters.filter((p) => p.in === 'path'))
        assert.ok(parameter.example !== undefined, `${path}: ${parameter.name} has no example`);
    }
  });

  it('has an example of every body', () => {
    for (const { id, body, responses } of operations) {
      for (const { content } of [body ?? {}, ...Object.values(responses)]) {
        for (const [type, media] of Object.entries(content ?? {}))
          assert.ok(examplesOf(media).length > 0, `${id}: ${type}`);
      }
    }
  });

  it('has examples that are what their schemas say', () => {
    const faults = places().flatMap(([pointer, examples]) => {
      const check = checker(pointer);  // also compiles schemas that no example shows
      return examples.map(check).filter((fault) => fault !== null).map((fault) => `${pointer.join(' ')}: ${fault}`);
    });
    assert.deepEqual(faults, []);
  });

  it('asks for scopes that a key can have', () => {
    for (const { id, scopes } of operations)
      for (const scope of scopes) assert.ok(document.components.schemas.Scope.enum.includes(scope), `${id}: ${scope}`);
  });

  it('uses every component', () => {
    for (const [kind, table] of Object.entries(document.components)) {
      if (kind === 'securitySchemes') continue;
      for (const name of Object.keys(table))
        assert.ok(text.includes(`"#/components/${kind}/${name}"`), `${kind}/${name}`);
    }
  });
});
