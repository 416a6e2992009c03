/**
 * References: texts that say where a secret is, in a configuration or in environment variables that may be shown to
 * everybody. `resolve` gives a copy with the secrets in their places.
 */
import { openSecrets } from '@keyplane/secrets'
import { memoryProvider } from '@keyplane/secrets/providers'

const secrets = openSecrets({
  providers: [
    memoryProvider({
      secrets: {
        'app/db': '{ "user": "app", "password": "correct horse", "port": 5432, "tls": { "ca": "demo-ca" } }',
        'app/token': 'cobalt-heron-7781',
      },
    }),
  ],
  environment: false,
})

const configuration = {
  name: 'shop',
  database: {
    user: 'keyplane://memory/app/db#user',
    password: 'keyplane://memory/app/db#password',
    port: 'keyplane://memory/app/db#port',
    ca: 'keyplane://memory/app/db#tls.ca',
  },
  tokens: ['keyplane://memory/app/token?stage=current'],
}

const resolved = await secrets.resolve(configuration)
console.log(`${resolved.database.user} on port ${resolved.database.port}, CA ${resolved.database.ca}`)
console.log(`password: ${resolved.database.password.length} characters; ${resolved.tokens.length} token`)
console.log(`the original stays: ${configuration.database.password}`)

const problems = await secrets
  .resolve(['keyplane://safe/x', 'keyplane://memory/app/db#nope', 'keyplane://memory/nope'])
  .catch((error: Error) => error.message)
console.log(problems)

await secrets.close()

// prints:
// app on port 5432, CA demo-ca
// password: 13 characters; 1 token
// the original stays: keyplane://memory/app/db#password
// 3 secrets could not be resolved:
//   "keyplane://safe/x": provider: there is no provider "safe"; there are agent, aws, azure, env, file, gcp, github-actions, memory, openbao, service, ssm.
//   "keyplane://memory/app/db#nope": The secret "app/db" has no field "nope".
//   "keyplane://memory/nope": There is no secret "nope".
