/**
 * Masked logs in one line. A secret is found by the name of its field and by its form in text; and every value that the
 * library read is found by itself, wherever it stands.
 */
import { maskingHook, openSecrets } from '@keyplane/secrets'
import { memoryProvider } from '@keyplane/secrets/providers'
import pino from 'pino'

const secrets = openSecrets({
  providers: [memoryProvider({ secrets: { 'app/token': 'zebra-quartz-0451-nimbus' } })],
  environment: false,
})
const log = pino({ base: null, timestamp: false, ...maskingHook() })

log.info({ user: 'ada', password: 'hunter2' }, 'by name')
log.info('by form: postgres://app:hunter2@db.internal/app')

const token = (await secrets.getSecret('app/token')) ?? ''
log.info({ note: `sent ${token} upstream` }, 'by value')
log.warn(`by value, encoded: ${Buffer.from(token).toString('base64')} ${encodeURIComponent(`?${token}`)}`)

await secrets.close()

// prints:
// {"level":30,"user":"ada","password":"****","msg":"by name"}
// {"level":30,"msg":"by form: postgres://app:****@db.internal/app"}
// {"level":30,"note":"sent **** upstream","msg":"by value"}
// {"level":40,"msg":"by value, encoded: **** %3F****"}
