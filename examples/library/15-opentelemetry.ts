/**
 * Spans and counts for a program that has set up OpenTelemetry: nothing to switch on. A read that asks a source is a span;
 * a read from the cache is counted and costs none. No value is in either, and keys can be told by their hash.
 */
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { openSecrets } from '@keyplane/secrets'
import { PretendVault } from './pretend-vault.ts'

const exported = new InMemorySpanExporter()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exported)] }))

const secrets = openSecrets({ providers: [new PretendVault({ API_KEY: 'cobalt-heron-7781' })], environment: false })
await secrets.getSecret('API_KEY')
await secrets.getSecret('API_KEY')
await secrets.getSecret('NOT_THERE', 'default')

for (const { name, attributes } of exported.getFinishedSpans())
  console.log(name, ...['source', 'key', 'outcome'].map((fact) => attributes[`keyplane.${fact}`]))
console.log(secrets.metrics())

await secrets.close()

// prints:
// keyplane.read vault API_KEY asked
// keyplane.read vault NOT_THERE absent
// {
//   vault: {
//     hit: 1,
//     asked: 1,
//     absent: 1,
//     denied: 0,
//     unreachable: 0,
//     broken: 0,
//     unusable: 0
//   }
// }
