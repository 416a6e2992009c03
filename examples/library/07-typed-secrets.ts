/**
 * All secrets of a program in one place, with types, read and checked once at the start. Printed, the object shows none;
 * its properties are the values of the moment.
 */
import { boolean, defineSecrets, json, number, openSecrets, string } from '@keyplane/secrets'
import { memoryProvider } from '@keyplane/secrets/providers'
import * as v from 'valibot'

const source = memoryProvider({
  secrets: {
    API_KEY: 'cobalt-heron-7781',
    'app/database': '{ "host": "db.internal", "password": "correct horse battery staple" }',
    PORT: '8080',
    LOG_LEVEL: 'debug',
  },
})
const from = openSecrets({ providers: [source], environment: false })

const config = await defineSecrets(
  {
    API_KEY: string(),
    DATABASE: json(v.object({ host: v.string(), password: v.string() }), { key: 'app/database' }),
    PORT: number({ default: 3000, secret: false }),
    TRACING: boolean({ default: false, secret: false }),
    LOG_LEVEL: string({ secret: false }),
    SENTRY_DSN: string({ optional: true }),
  },
  { from },
)

console.log(config)
console.log(`port ${config.PORT + 1}, database ${config.DATABASE.host}, Sentry ${config.SENTRY_DSN}`)

// Everything that is wrong is told in one error.
const problems = await defineSecrets({ PORT: boolean(), API_KEY: number(), STRIPE_KEY: string() }, { from }).catch(
  (error: Error) => error.message,
)
console.log(problems)

await from.close()

// prints:
// {
//   API_KEY: '[secret]',
//   DATABASE: '[secret]',
//   PORT: 8080,
//   TRACING: false,
//   LOG_LEVEL: 'debug',
//   SENTRY_DSN: undefined
// }
// port 8081, database db.internal, Sentry undefined
// 3 secrets not as defined:
//   "PORT": The secret "PORT" is neither true nor false.
//   "API_KEY": The secret "API_KEY" is not a number.
//   "STRIPE_KEY": There is no secret "STRIPE_KEY".
