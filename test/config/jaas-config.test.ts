import { expect, test } from 'vitest';
import { jaasProblem, parseJaasConfig } from '../../src/config/jaas-config.ts';

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule';
const OAUTH = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';

test.each([
  [`${PLAIN} required username="me" password="p w";`, { username: 'me', password: 'p w' }],
  [`${PLAIN} required\n  username='me'\n  password='a"b';`, { username: 'me', password: 'a"b' }],
  [`${PLAIN} required username=me password="a\\"b\\\\c";`, { username: 'me', password: 'a"b\\c' }],
  [`${PLAIN} required password = "a;b=c" username = "x" ;`, { password: 'a;b=c', username: 'x' }],
  [`${PLAIN} required password="\\101\\tz\\q" username="";`, { password: 'A\tzq', username: '' }],
  [`${PLAIN} REQUIRED ;`, {}],
])('%s is read as Java reads it', (text, options) => {
  expect(parseJaasConfig(text)).toEqual({ module: 'PlainLoginModule', options });
});

test.each([
  ['', 'PLAIN', 'must begin with the class of a login module'],
  ['"x"', 'PLAIN', 'must begin with the class of a login module'],
  [`${PLAIN} username="hunter2";`, 'PLAIN', 'must have the word required'],
  [`${PLAIN} required username="me" password="hunter2"`, 'PLAIN', 'must end with a semicolon'],
  [`${PLAIN} required username="me" password="hunter2;`, 'PLAIN', 'a quote that is not closed'],
  [`${PLAIN} required username="me" password;`, 'PLAIN', 'must have a value for each option'],
  [`${PLAIN} required; ${PLAIN} required;`, 'PLAIN', 'must name one login module only'],
  [`${PLAIN} required username="me";`, 'PLAIN', 'has no password'],
  [`${PLAIN} required username="" password="hunter2";`, 'PLAIN', 'has no username'],
  [`${PLAIN} required;`, 'SCRAM-SHA-512', 'has PlainLoginModule, and SCRAM-SHA-512 needs Scram'],
  [`${OAUTH} required extension_x="hunter2";`, 'OAUTHBEARER', 'extension_x: extensions are not'],
])('%j for %s is refused, and no secret told', (text, mechanism, message) => {
  const problem = jaasProblem(text, mechanism);
  expect(problem).toContain(message);
  expect(problem).not.toContain('hunter2');
});

test.each([
  [`${SCRAM} required username="a" password="b";`, 'SCRAM-SHA-256'],
  [`${SCRAM} required username="a" password="b" tokenauth=true;`, 'SCRAM-SHA-512'],
  [`${OAUTH} required clientId="a" clientSecret="b" scope="kafka";`, 'OAUTHBEARER'],
  [`${OAUTH} required;`, 'OAUTHBEARER'],
])('%s serves %s', (text, mechanism) => {
  expect(jaasProblem(text, mechanism)).toBeUndefined();
});
