// A Bluesky network of our own: the PLC directory, a PDS (accounts' data server) and the AppView, real ones, on loopback.
//
// usage: node --require ./loopback.cjs network.mjs
//   MODULES              folder that holds node_modules
//   DB_POSTGRES_URL      postgresql://user:password@host:port/database, an empty database
//   REDIS_HOST           host:port
//   PLC_PORT, PDS_PORT, APPVIEW_PORT   optional; free ports otherwise
//   RATE_LIMITS_BYPASS   optional: the PDS then limits rates as in production, except for requests that carry this
//                        value in the header x-ratelimit-bypass
//
// Prints one line of JSON on stdout when everything answers. Then each line {"tombstone": "did:plc:…"} on stdin buries that
// DID in the PLC directory (only the PDS holds the key for it; no endpoint does it) and is answered by a line.
// Ends on SIGTERM, or when stdin closes (the tests died).
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { MODULES, DB_POSTGRES_URL, REDIS_HOST, RATE_LIMITS_BYPASS } = process.env;
const entry = path.join(MODULES, 'node_modules', '@atproto', 'dev-env', 'dist', 'index.js');
const { TestPlc, TestBsync, TestBsky, TestPds, mockNetworkUtilities } = await import(pathToFileURL(entry).href);
const { default: getPort } = await import(pathToFileURL(path.join(path.dirname(entry), 'get-port.js')).href);
const portOf = async (name) => (process.env[name] ? Number(process.env[name]) : getPort());

// Chosen first: the AppView must know the PDS's address before the PDS exists, and the other way round.
const [plcPort, pdsPort, appviewPort] = await Promise.all(['PLC_PORT', 'PDS_PORT', 'APPVIEW_PORT'].map(portOf));

const plc = await TestPlc.create({ port: plcPort });
const bsync = await TestBsync.create({ apiKeys: ['bsync-api-key'], dbUrl: DB_POSTGRES_URL, dbSchema: 'bsync' });
const appview = await TestBsky.create({
  port: appviewPort,
  publicUrl: `http://localhost:${appviewPort}`,
  plcUrl: plc.url,
  repoProvider: `ws://localhost:${pdsPort}`,
  bsyncUrl: bsync.url,
  bsyncApiKey: 'bsync-api-key',
  dbPostgresUrl: DB_POSTGRES_URL,
  dbPostgresSchema: 'appview',
  redisHost: REDIS_HOST,
});
bsync.ctx.dataplaneClients = [appview.ctx.dataplane];
const pds = await TestPds.create({
  port: pdsPort,
  hostname: 'localhost',
  enableDidDocWithSession: true,
  didPlcUrl: plc.url,
  bskyAppViewUrl: appview.url,
  bskyAppViewDid: appview.ctx.cfg.serverDid,
  ...(RATE_LIMITS_BYPASS ? { rateLimitsEnabled: true, rateLimitBypassKey: RATE_LIMITS_BYPASS } : {}),
});
mockNetworkUtilities(pds, appview); // handles that end in .test are looked up at this PDS, not in DNS

let closing = false;
async function close() {
  if (closing) return;
  closing = true;
  setTimeout(() => process.exit(1), 5000).unref();
  const closed = await Promise.allSettled([pds.close(), appview.close(), bsync.close(), plc.close()]);
  for (const { reason } of closed) if (reason) process.stderr.write(`${reason?.stack ?? reason}\n`);
  process.exit(closed.every(({ status }) => status === 'fulfilled') ? 0 : 1);
}
process.on('SIGTERM', close);

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ plc_url: plc.url, pds_url: pds.url, appview_url: appview.url });

for await (const line of createInterface({ input: process.stdin })) {
  const { tombstone } = JSON.parse(line);
  try {
    await pds.ctx.plcClient.tombstone(tombstone, pds.ctx.plcRotationKey);
    say({ tombstone });
  } catch (error) {
    say({ error: String(error?.message ?? error) });
  }
}
await close();
