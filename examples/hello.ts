/**
 * A secret in a Node program, with types. Start a plane first (`npm start`), then: npx node -C source examples/hello.ts
 */
import { maskSecret, openSecrets } from '@keyplane/secrets'
import { agentProvider } from '@keyplane/secrets/providers'

const secrets = openSecrets({
  providers: [agentProvider({ token: { file: '.keyplane/agent.token' } })],
  // A failure is thrown, and told apart from a secret that is not there.
  strict: true,
})

const apiKey = await secrets.getSecret('demo/dev/api-key')
const database = await secrets.getSecretJson<{ host: string; username: string }>('demo/dev/database')

console.log(`API key  ${maskSecret(apiKey ?? 'none')}`)
console.log(`Database ${database?.username} at ${database?.host}`)

await secrets.close()
