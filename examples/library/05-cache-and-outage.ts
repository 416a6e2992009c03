/**
 * What the cache does: a hundred callers of a cold key are one call, an outage is covered by the last value for a bounded
 * time, and what is wrong is told once.
 */
import { setTimeout } from 'node:timers/promises'
import { openSecrets } from '@keyplane/secrets'
import { PretendVault } from './pretend-vault.ts'

const vault = new PretendVault({ API_KEY: 'cobalt-heron-7781' })
const secrets = openSecrets({
  providers: [vault],
  environment: false,
  cacheTtl: '30ms',
  cache: { maxStale: '10m' },
  attempts: 1,
  log: { warn: (message) => console.log(message), error: (message) => console.log(message) },
})

await Promise.all(Array.from({ length: 100 }, () => secrets.getSecret('API_KEY')))
console.log(`100 callers, ${vault.calls} call`)

await setTimeout(60)
vault.silent = true
const covered = await secrets.getSecret('API_KEY')
await secrets.getSecret('API_KEY')
console.log(`expired and silent: ${covered === 'cobalt-heron-7781' ? 'the last value' : 'nothing'}`)

const [step] = (await secrets.explain('API_KEY')).steps
console.log(`explained: ${step?.result}, stale: ${step?.stale}, because: ${step?.message}`)

// A secret that was never read has no last value.
const { values, errors } = await secrets.getMany(['API_KEY', 'OTHER'])
console.log(`many: ${Object.keys(values).join()}; ${errors.OTHER?.code}`)

await secrets.close()

// prints:
// 100 callers, 1 call
// vault did not answer for "API_KEY", whose last value is given: No answer from the vault.
// expired and silent: the last value
// explained: answered, stale: true, because: No answer from the vault.
// many: API_KEY; unavailable
