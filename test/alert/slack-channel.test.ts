import { expect, test } from 'vitest';
import { conditionNotice, eventNotice } from '../../src/alert/alert-notice.ts';
import { SlackChannel, slackMessage } from '../../src/alert/slack-channel.ts';
import { alertCondition, alertEvent } from '../support/alert-fixtures.ts';
import { answerJson, startScriptedHttp } from '../support/scripted-http.ts';

test('a message that Slack, Mattermost and Discord show, with the facts as fields', async () => {
  await using server = await startScriptedHttp((_request, response) => {
    answerJson(response, 200, 'ok');
  });
  const settings = { name: 'slack', url: `${server.origin}/x`, caFile: undefined, timeoutMs: 1000 };
  const notice = eventNotice(alertEvent(), 'breaking', 'shop', 1_700_000_000_000);
  await new SlackChannel(settings).deliver(notice, new AbortController().signal);
  expect(JSON.parse(server.requests[0]?.body.toString() ?? '')).toMatchObject({
    text: '*[breaking] shop: orders.amount is bigint now (was integer)*',
    attachments: [
      {
        color: '#d00000',
        fields: expect.arrayContaining([
          { title: 'amount', value: 'integer → bigint', short: true },
        ]) as unknown,
        ts: 1_700_000_000,
      },
    ],
  });
});

test('nobody is rung by the name of a table, and the end is green', () => {
  const told = { severity: 'critical', measure: null, sinceMs: 0, told: 1 } as const;
  const condition = alertCondition({ title: '<!channel> & <@U1>', table: 'public.<!here>' });
  const notice = conditionNotice({ ...told, condition, status: 'resolved' }, 'shop', 5000);
  const text = JSON.stringify(slackMessage(notice));
  expect(text).not.toMatch(/"text":"[^"]*<[!@]/);
  expect(text).not.toMatch(/"value":"[^"]*<[!@]/);
  expect(text).toContain('"color":"#2eb886"');
});
