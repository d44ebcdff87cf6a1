// jsforce, the usual Salesforce client for Node.js, against the sandbox's Salesforce: what it takes for true there, our
// connector may rely on too. SANDBOX_URL names a running `leadlight sandbox`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import jsforce from '@jsforce/jsforce-node';

const url = process.env.SANDBOX_URL;
if (!url) throw new Error('SANDBOX_URL is not set: start `leadlight sandbox` and pass its address');

function connect(changes = {}) {
  const oauth2 = { loginUrl: url, clientId: 'leadlight-demo', clientSecret: 'leadlight-demo-secret', ...changes };
  return new jsforce.Connection({ version: '60.0', loginUrl: url, instanceUrl: url, oauth2 });
}

async function authorized() {
  const connection = connect();
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}

async function control(method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

/// The error that the call ends with; fails when it does not.
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail('the call was expected to be refused');
}

// Of this run alone, so that a sandbox can be used more than once.
const run = `${Date.now().toString(36)}`;
const quoted = `o'neill-${run}@jsforce.example`;

describe('jsforce against the sandbox', () => {
  let connection;

  before(async () => {
    await control('DELETE', '/_faults');
    connection = await authorized();
  });
  after(() => control('DELETE', '/_faults'));

  describe('authorization', () => {
    it('takes client credentials and says where to go on', async () => {
      const own = connect();
      const user = await own.authorize({ grant_type: 'client_credentials' });
      assert.equal(own.instanceUrl, url);
      assert.match(user.id, /^005/);
      assert.match(user.organizationId, /^00D/);
      const identity = await own.identity();
      assert.equal(identity.user_id, user.id);
    });

    it('refuses a wrong secret and an unknown client', async () => {
      const wrong = await refusal(() =>
        connect({ clientSecret: 'no' }).authorize({ grant_type: 'client_credentials' }));
      assert.match(wrong.name + wrong.message, /invalid_client/);
      const unknown = await refusal(() => connect({ clientId: 'no' }).authorize({ grant_type: 'client_credentials' }));
      assert.match(unknown.name + unknown.message, /invalid_client_id/);
    });

    it('refuses an invented token with INVALID_SESSION_ID', async () => {
      const own = new jsforce.Connection({ version: '60.0', instanceUrl: url, accessToken: 'invented' });
      const error = await refusal(() => own.query('SELECT Id FROM Lead LIMIT 1'));
      assert.equal(error.errorCode, 'INVALID_SESSION_ID');
    });
  });

  describe('queries', () => {
    it('finds an address with a quote, in any case', async () => {
      const made = await connection.sobject('Lead').create({ LastName: 'ONeill', Company: 'Quotes', Email: quoted });
      assert.equal(made.success, true);
      const found = await connection.sobject('Lead').find({ Email: quoted.toUpperCase() }, 'Id, Email');
      assert.equal(found.length, 1);
      assert.equal(found[0].Id, made.id);
      assert.equal(found[0].attributes.type, 'Lead');
      const listed = await connection.query(
        `SELECT Id, Email FROM Lead WHERE Email IN ('${quoted.replace("'", "\\'")}','nobody-${run}@jsforce.example')`,
      );
      assert.equal(listed.totalSize, 1);
      assert.equal(listed.done, true);
    });

    it('pages through many records', async () => {
      const records = Array.from({ length: 450 }, (_, i) => ({
        LastName: `Page ${i}`,
        Company: `Paging ${run}`,
        Email: `page${i}-${run}@jsforce.example`,
      }));
      await control('POST', '/_state/salesforce/Lead', { records });
      const soql = `SELECT Id, Email FROM Lead WHERE Company = 'Paging ${run}' ORDER BY Email`;
      const first = await connection.query(soql, { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
      assert.equal(first.totalSize, 450);
      assert.equal(first.records.length, 200);
      assert.equal(first.done, false);
      let next = await connection.queryMore(first.nextRecordsUrl,
        { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
      const seen = [...first.records, ...next.records];
      while (!next.done) {
        next = await connection.queryMore(next.nextRecordsUrl);
        seen.push(...next.records);
      }
      assert.equal(new Set(seen.map((record) => record.Id)).size, 450);
    });

    it('words its refusals like Salesforce', async () => {
      const codes = {
        'SELECT Id FORM Lead': 'MALFORMED_QUERY',
        'SELECT No_Such__c FROM Lead': 'INVALID_FIELD',
        'SELECT Id FROM NoSuchObject': 'INVALID_TYPE',
        "SELECT Id FROM Lead WHERE Email = 'a\\xb'": 'MALFORMED_QUERY',
        'SELECT Id FROM Lead WHERE Email = 5': 'INVALID_FIELD',
      };
      for (const [soql, code] of Object.entries(codes)) {
        const error = await refusal(() => connection.query(soql));
        assert.equal(error.errorCode, code, soql);
      }
    });
  });

  describe('records', () => {
    it('creates, reads, changes and deletes one', async () => {
      const lead = connection.sobject('Lead');
      const { id } = await lead.create({ LastName: 'Single', Company: 'One', Email: `single-${run}@jsforce.example` });
      const changed = await lead.update({ Id: id, HG_Likelihood_to_Buy_Score__c: 42 });
      assert.equal(changed.success, true);
      const held = await lead.retrieve(id);
      assert.equal(held.HG_Likelihood_to_Buy_Score__c, 42);
      await lead.destroy(id);
      const error = await refusal(() => lead.retrieve(id));
      assert.equal(error.errorCode, 'ENTITY_IS_DELETED');
    });

    it('updates a collection in part and answers in order', async () => {
      const lead = connection.sobject('Lead');
      const people = ['a', 'b', 'c'].map((name) => ({
        LastName: name,
        Company: 'Collection',
        Email: `${name}-${run}@jsforce.example`,
      }));
      const ids = (await lead.create(people)).map((result) => result.id);
      const results = await lead.update(
        [
          { Id: ids[0], HG_Likelihood_to_Buy_Segment__c: 'very high' },
          { Id: ids[1], HG_Likelihood_to_Buy_Signals__c: 'x'.repeat(1025) },
          { Id: ids[2], HG_Likelihood_to_Buy_Score__c: 12 },
        ],
        { allOrNone: false },
      );
      assert.deepEqual(
        results.map((result) => result.success),
        [true, false, true],
      );
      const [failure] = results[1].errors;
      assert.equal(failure.statusCode, 'STRING_TOO_LONG');
      assert.match(failure.message, /data value too large: x+ \(max length=1024\)$/);
      assert.deepEqual(failure.fields, ['HG_Likelihood_to_Buy_Signals__c']);
    });

    it('rolls a collection back when all or none is asked for', async () => {
      const lead = connection.sobject('Lead');
      const email = `atomic-${run}@jsforce.example`;
      const { id } = await lead.create({ LastName: 'Atomic', Company: 'One', Email: email });
      const results = await lead.update(
        [{ Id: id, Title: 'changed' }, { Id: '00QgL0zzzzzzzzzAAA', Title: 'x' }], { allOrNone: true });
      assert.equal(results[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
      assert.equal((await lead.retrieve(id)).Title, null);
    });

    it('protects converted leads', async () => {
      const [converted] = await connection.sobject('Lead').find({ IsConverted: true }, 'Id').limit(1);
      if (!converted) return; // an empty sandbox has none
      const [result] = await connection.sobject('Lead').update([{ Id: converted.Id, Title: 'x' }]);
      assert.equal(result.errors[0].statusCode, 'CANNOT_UPDATE_CONVERTED_LEAD');
    });

    it('fails the records that it is told to fail', async () => {
      const lead = connection.sobject('Lead');
      const email = `locked-${run}@jsforce.example`;
      const { id } = await lead.create({ LastName: 'Locked', Company: 'One', Email: email });
      await control('POST', '/_faults',
        { target: 'salesforce', fail_records: { [email]: 'UNABLE_TO_LOCK_ROW' }, times: 1 });
      const [refused] = await lead.update([{ Id: id, Title: 'x' }]);
      assert.equal(refused.errors[0].statusCode, 'UNABLE_TO_LOCK_ROW');
      const [taken] = await lead.update([{ Id: id, Title: 'x' }]);
      assert.equal(taken.success, true);
    });
  });

  describe('the organisation', () => {
    it('describes Lead with the score fields', async () => {
      const { fields } = await connection.sobject('Lead').describe();
      const named = Object.fromEntries(fields.map((field) => [field.name, field]));
      assert.equal(named.HG_Likelihood_to_Buy_Score__c.type, 'double');
      assert.equal(named.HG_Likelihood_to_Buy_Signals__c.length, 1024);
      assert.deepEqual(
        named.HG_Likelihood_to_Buy_Segment__c.picklistValues.map((value) => value.value),
        ['very high', 'high', 'medium', 'low'],
      );
    });

    it('lists objects, versions and limits', async () => {
      const { sobjects } = await connection.describeGlobal();
      assert.ok(sobjects.some((object) => object.name === 'CampaignMember'));
      const limits = await connection.limits();
      assert.ok(limits.DailyApiRequests.Remaining <= limits.DailyApiRequests.Max);
      const usage = connection.limitInfo?.apiUsage;
      assert.ok(usage && usage.used > 0 && usage.limit > usage.used);
    });

    it('answers a failing service with a code, and a long URL with a page', async () => {
      await control('POST', '/_faults',
        { target: 'salesforce', path: '/services/data/v60.0/query', status: 503, times: 1 });
      const down = await fetch(`${url}/services/data/v60.0/query?q=x`,
        { headers: { Authorization: `Bearer ${connection.accessToken}` } });
      assert.equal(down.status, 503);
      assert.equal((await down.json())[0].errorCode, 'SERVER_UNAVAILABLE');
      await control('POST', '/_faults',
        { target: 'salesforce', path: '/services/data/v60.0/query', status: 414, times: 1 });
      const error = await refusal(() => connection.query('SELECT Id FROM Lead LIMIT 1'));
      assert.match(`${error.errorCode} ${error.message} ${error.content ?? ''}`, /414/);
    });

    it('keeps activities that are created', async () => {
      const [lead] = await connection.sobject('Lead').find({ IsConverted: false }, 'Id').limit(1);
      const made = await connection.sobject('Task').create(
        { WhoId: lead.Id, Subject: 'Call', Status: 'Completed', TaskSubtype: 'Call' });
      const [task] = await connection.sobject('Task').find({ Id: made.id }, 'Id, WhoId, IsClosed, SystemModstamp');
      assert.equal(task.WhoId, lead.Id);
      assert.equal(task.IsClosed, true);
      assert.match(task.SystemModstamp, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.000\+0000$/);
    });
  });
});
