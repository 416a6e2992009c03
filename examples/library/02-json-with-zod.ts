/**
 * A JSON secret with a schema: zod here; valibot and arktype fit as they are. A document that does not fit is `undefined`
 * with a warning that names the places, never the values, and never the default: that is for keys that nobody has.
 */
import { openSecrets } from '@keyplane/secrets'
import { memoryProvider } from '@keyplane/secrets/providers'
import { z } from 'zod'

const Database = z.object({ host: z.string(), port: z.number().int(), password: z.string() })

const secrets = openSecrets({
  providers: [
    memoryProvider({
      secrets: {
        'app/database': '{ "host": "db.internal", "port": 5432, "password": "correct horse battery staple" }',
        'app/replica': '{ "host": "db2.internal", "port": "5432" }',
      },
    }),
  ],
  environment: false,
})

const database = await secrets.getSecretJson('app/database', undefined, { schema: Database })
console.log(`database at ${database?.host}:${database?.port.toFixed(0)}`)

// Parsed once for as long as it is cached, and frozen: nobody changes what the others get.
console.log(`frozen: ${Object.isFrozen(await secrets.getSecretJson('app/database'))}`)

const replica = await secrets.getSecretJson(
  'app/replica',
  { host: 'localhost', port: 5432, password: '' },
  { schema: Database },
)
console.log(`replica: ${replica?.host}`)

await secrets.close()

// prints:
// database at db.internal:5432
// frozen: true
// replica: undefined

// says on stderr:
// keyplane: The secret "app/replica" of memory does not fit its schema at port, password.
