/**
 * The first secret. Without configuration the source is the environment: `process.env`, then `.env` files. A deployment
 * sets where those are; here it is this folder and its `.env.demo`.
 */
import { getSecret, listSecrets, maskSecret } from '@keyplane/secrets'

process.env['SECRETS_ENV_FOLDER'] = import.meta.dirname
process.env['SECRETS_ENV_NAME'] = 'demo'

const apiKey = await getSecret('API_KEY')
const region = await getSecret('REGION', 'eu-central-1')

console.log(`API_KEY  ${maskSecret(apiKey ?? 'none')}`)
console.log(`REGION   ${region}`)
console.log(`DB_…     ${(await listSecrets('DB_')).join(', ')}`)

// What nobody has is `undefined`, and one warning.
console.log(`NOT_SET  ${await getSecret('NOT_SET')}`)

// prints:
// API_KEY  ****6789
// REGION   eu-central-1
// DB_…     DB_URL
// NOT_SET  undefined

// says on stderr:
// keyplane: No secret "NOT_SET" in env.
