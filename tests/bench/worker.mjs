// What a Node team would write: BullMQ's worker, and Resend's SDK or a bare HTTP client for the call.
//   node worker.mjs sdk|undici REDIS_PORT SINK_URL QUEUE CONCURRENCY KEEP
// KEEP is JSON: `completed` and `failed`, the rules by which finished jobs are kept.
import { Worker } from 'bullmq';

const [client, port, url, queue, concurrency, keep] = process.argv.slice(2);
const from = 'The Backroom <tickets@backroom.example>';

async function sdk() {
  process.env.RESEND_BASE_URL = url;
  const { Resend } = await import('resend');
  const resend = new Resend('re_bench');
  return async ({ id, to, subject, html }) => {
    const { data, error } = await resend.emails.send({ from, to: to.email, subject, html }, { idempotencyKey: id });
    if (error) throw new Error(error.message);
    return data.id;
  };
}

async function undici() {
  const { Pool } = await import('undici');
  const pool = new Pool(url, { connections: Number(concurrency) });
  const headers = { authorization: 'Bearer re_bench', 'content-type': 'application/json' };
  return async ({ id, to, subject, html }) => {
    const answer = await pool.request({
      method: 'POST',
      path: '/emails',
      headers: { ...headers, 'idempotency-key': id },
      body: JSON.stringify({ from, to: to.email, subject, html }),
    });
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
    return (await answer.body.json()).id;
  };
}

const send = await { sdk, undici }[client]();
const work = async (job) => ({ state: 'accepted', provider: 'resend', provider_id: await send(job.data) });
const { completed, failed } = JSON.parse(keep);
const worker = new Worker(queue, work, {
  connection: { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null },
  concurrency: Number(concurrency),
  removeOnComplete: completed,
  removeOnFail: failed,
});
worker.on('error', (error) => console.error(error));
worker.on('failed', (_, error) => console.error(error));
process.on('SIGTERM', () => worker.close().then(() => process.exit(0)));
