// An ordinary API on node:http that checks bearer tokens with jose 6.2.17, createRemoteJWKSet with no option set. Its
// defaults: the key set is fetched on the first token, kept for 10 minutes (cacheMaxAge), fetched again inside the
// request for an unknown kid unless the last fetch is less than 30 s old (cooldownDuration), given up on after 5 s
// (timeoutDuration); no clock tolerance; whatever algorithm the key allows.
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { AUTHORITY, JWKS_URI, AUDIENCE, BIND, PORT } = process.env
const keys = createRemoteJWKSet(new URL(JWKS_URI))

async function api(req, res) {
  const [, token] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? []
  if (!token) return answer(res, 401, { error: 'no bearer token' })
  try {
    const { payload } = await jwtVerify(token, keys, { issuer: AUTHORITY, audience: AUDIENCE })
    answer(res, 200, { sub: payload.sub })
  } catch (err) {
    console.error(`${err.code ?? err.name}: ${err.message}`)
    answer(res, 401, { error: err.code ?? err.name })
  }
}

function answer(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

createServer((req, res) => {
  if (req.url === '/healthz') return answer(res, 200, { status: 'up' })
  if (req.url === '/api') return api(req, res)
  answer(res, 404, { error: 'not found' })
}).listen(Number(PORT), BIND ?? '127.0.0.1')
