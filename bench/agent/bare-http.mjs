// The yardstick: node:http with a token and one answer of 1 KB, and nothing else.
import { createServer } from 'node:http'

const [port, token] = process.argv.slice(2)
const body = Buffer.from(JSON.stringify({ SecretString: 'x'.repeat(1_000) }))
createServer((request, response) => {
  const isAllowed = request.headers['x-aws-parameters-secrets-token'] === token
  response.writeHead(isAllowed ? 200 : 403, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))
