// A real OpenID Connect provider (npm oidc-provider) on loopback, as a city's single sign-on.
//
// usage: node provider.mjs, with MODULES naming the folder that holds node_modules
//
// Prints {"issuer": "http://127.0.0.1:PORT"} once it listens. The first line on stdin names the client, as
// {"client_id", "client_secret", "redirect_uris", "post_logout_redirect_uris"}, and is answered by {"ready": true}; each later line
// {"users": {"subject": {claims}}} replaces the users, and is answered too. Ends when stdin closes (the tests died).
import http from 'node:http';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

console.info = console.error; // standard output is for answers alone
const entry = path.join(process.env.MODULES, 'node_modules', 'oidc-provider', 'lib', 'index.js');
const { Provider } = await import(pathToFileURL(entry).href);

let users = {};
let handle = (_, response) => response.writeHead(503).end();
const server = http.createServer((request, response) => handle(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

function provide(client) {
  const provider = new Provider(issuer, {
    clients: [{ ...client, grant_types: ['authorization_code'], response_types: ['code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username', 'name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
    if (prompt.name === 'consent') {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      grant.addOIDCScope(params.scope);
      const result = { consent: { grantId: await grant.save() } };
      return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
    }
    if (ctx.method === 'GET') {
      ctx.type = 'html';
      ctx.body = `<!doctype html><html lang="en"><title>City sign-on</title><h1>City sign-on</h1>
        <form method="post" action="${ctx.path}"><label>Who are you <input name="who" autofocus></label><button>Go on</button></form>`;
      return undefined;
    }
    let body = '';
    for await (const chunk of ctx.req) body += chunk;
    const who = new URLSearchParams(body).get('who');
    const result = users[who] ? { login: { accountId: who } } : { error: 'access_denied', error_description: 'no such person' };
    return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  });
  return provider.callback();
}

say({ issuer });
let first = true;
for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  if (first) handle = provide(told);
  else users = told.users;
  first = false;
  say({ ready: true });
}
process.exit(0);
