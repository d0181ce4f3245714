// Bull Board as its users run it; says on stdout which port it serves on, and ends when its stdin does.
//   node board.mjs bullmq|bullmq5 PORT QUEUE...
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';

const [line, port, ...names] = process.argv.slice(2);
const { Queue } = await import(line);
const connection = { host: '127.0.0.1', port: Number(port) };
const queues = names.map((name) => new Queue(name, { connection }));
const adapter = new HonoAdapter(serveStatic);
createBullBoard({ queues: queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: adapter });
const app = new Hono().route('/', adapter.registerPlugin());
await Promise.all(queues.map((queue) => queue.waitUntilReady()));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port: open }) => console.log(open));

for await (const _ of process.stdin);
server.closeAllConnections();
server.close();
await Promise.all(queues.map((queue) => queue.close()));
