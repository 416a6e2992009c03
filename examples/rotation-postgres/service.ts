/**
 * A service over a PostgreSQL whose password is rotated under it. It keeps what it read for an hour, and is told nothing
 * of a rotation: a login that the database refuses is read anew by `withSecret`, once for all, and the query run again.
 */
import { createServer } from 'node:http'
import { openSecrets } from '@keyplane/secrets'
import { Pool } from 'pg'

/** The secret's value, as Keyplane's rotators and AWS's functions keep it. */
interface Login {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  readonly dbname: string
}

const secrets = openSecrets({ provider: 'aws', cacheTtl: '1h' })
const pools = new Map<string, Pool>()

/** A pool for each login: sessions of an old one stay open while they are used, and new ones are opened by the new one. */
const poolOf = (text: string): Pool => {
  const found = pools.get(text)
  if (found) return found
  for (const [old, pool] of pools) if (pool.totalCount === 0) pools.delete(old)
  const { username: user, dbname: database, host, port, password } = JSON.parse(text) as Login
  // Sessions that last seconds only, so that a rotation is met soon.
  const pool = new Pool({
    host,
    port,
    user,
    password,
    database,
    max: 10,
    idleTimeoutMillis: 500,
    maxLifetimeSeconds: 1,
  })
  pool.on('error', (error) => console.error(`A session that nobody used was lost: ${error.message}`))
  pools.set(text, pool)
  return pool
}

/** All that the rest of the service knows of passwords. */
const query = <Row extends object>(sql: string): Promise<Row[]> =>
  secrets.withSecret('app/db', async (login) => (await poolOf(login).query<Row>(sql)).rows)

const server = createServer(async (_, response) => {
  try {
    const [row] = await query<{ user: string; at: Date }>('select current_user as user, now() as at')
    response.setHeader('content-type', 'application/json').end(`${JSON.stringify(row)}\n`)
  } catch (error) {
    console.error(error)
    response.writeHead(503).end()
  }
})

server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => console.log('The service listens.'))

process.once('SIGTERM', async () => {
  await new Promise((resolve) => server.close(resolve))
  for (const pool of pools.values()) await pool.end()
  await secrets.close()
})
