// The official SDKs for Node, one call a line: reads {"sdk", "url", "key", "options", "call", "args"} as JSON, answers
// {"ok"} or {"refused": {"kind", "status", "code", "message"}}. Ends with its stdin.
import { createInterface } from 'node:readline';
import { GetAccountCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { ServerClient } from 'postmark';
import { Resend } from 'resend';

const refused = (kind, status, code, message) => ({ refused: { kind, status, code, message } });

async function resend({ url, key, call, args }) {
  const [noun, verb] = call.split('.');
  const { data, error } = await new Resend(key, { baseUrl: url })[noun][verb](...args);
  return error ? refused('ErrorResponse', error.statusCode, error.name, error.message) : { ok: data };
}

async function postmark({ url, key, options, call, args }) {
  const client = new ServerClient(key, { useHttps: false, requestHost: new URL(url).host, ...options });
  try {
    return { ok: await client[call](...args) };
  } catch (error) {
    const answer = refused(error.name, error.statusCode, error.code, error.message);
    return { refused: { ...answer.refused, recipients: error.recipients ?? null } };
  }
}

async function ses({ url, key, options, call, args }) {
  const [accessKeyId, secretAccessKey] = key;
  const commands = { send: SendEmailCommand, account: GetAccountCommand };
  const client = new SESv2Client({
    endpoint: url,
    region: 'eu-west-2',
    credentials: { accessKeyId, secretAccessKey },
    ...options,
  });
  try {
    return { ok: await client.send(new commands[call](...args)) };
  } catch (error) {
    return refused(error.name, error.$metadata?.httpStatusCode ?? 0, error.name, error.message);
  } finally {
    client.destroy();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const answer = await { resend, postmark, ses }[command.sdk](command);
  console.log(JSON.stringify(answer));
}
