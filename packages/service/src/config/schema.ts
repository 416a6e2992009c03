import { providerNames } from '@keyplane/secrets/providers'
import * as z from 'zod'
import { withKeys } from './known-keys.ts'
import { rate } from './limits-of.ts'
import type { WrittenAudit } from './state-config.ts'
import { certificate, duration, environmentName, filled, givenName, keyHash, network, secretName } from './texts.ts'
import type {
  WrittenCacheKey,
  WrittenEnvironment,
  WrittenOverlay,
  WrittenRedis,
  WrittenSecret,
  WrittenService,
  WrittenTools,
} from './written.ts'

const source = {
  source: z.enum(providerNames).optional(),
  mount: filled.optional(),
  variables: z.record(filled, z.string()).optional(),
}

const fallback = z.preprocess(
  (written) => (written === 'none' ? [] : written),
  z.array(withKeys({ ...source, env: filled.optional(), file: filled.optional() })),
)

const environment: z.ZodType<WrittenEnvironment> = withKeys({
  ...source,
  cache: z.enum(['redis', 'local', 'none']).optional(),
  pollInterval: duration.optional(),
  ttl: duration.optional(),
  maxStale: duration.optional(),
  fallback: fallback.optional(),
  leases: withKeys({ budget: z.int().min(1, 'must be 1 or more').optional() }).optional(),
  warm: z.boolean({ error: 'must be true or false' }).optional(),
})

const kinds = z.enum(['static', 'dynamic'])

const secret: z.ZodType<WrittenSecret> = z.preprocess(
  (written) => (typeof written === 'string' ? { ref: written } : written),
  withKeys({ ref: filled, maxStale: duration.optional(), jsonKey: filled.optional(), kind: kinds.optional() }),
)

const settings = z.record(z.string(), z.json({ error: 'must be plain data: texts, numbers, flags, lists and tables' }))

const tools: z.ZodType<WrittenTools> = z.record(
  givenName,
  withKeys({ settings: settings.optional(), secrets: z.record(secretName, secret).optional() }),
)

const globs = z.array(filled).min(1, 'must name at least one')
const rules = z.array(withKeys({ actions: globs, environments: globs, tools: globs }))

const redis: z.ZodType<WrittenRedis> = withKeys({
  url: filled,
  username: filled.optional(),
  passwordFile: filled.optional(),
  ca: filled.optional(),
  prefix: filled.optional(),
})

const cacheKey: z.ZodType<WrittenCacheKey> = withKeys({
  file: filled.optional(),
  transit: withKeys({
    key: filled,
    mount: filled.optional(),
    variables: z.record(filled, z.string()).optional(),
  }).optional(),
})
const audit: z.ZodType<WrittenAudit> = z.preprocess(
  (written) => (typeof written === 'string' ? { kind: written } : written),
  withKeys({ kind: z.enum(['file', 'database']), sealKeyFile: filled.optional() }),
)

export const serviceSchema: z.ZodType<WrittenService> = withKeys({
  database: withKeys({ file: filled.optional(), url: filled.optional(), urlFile: filled.optional() }).optional(),
  sessions: withKeys({ ttl: duration.optional(), maxTtl: duration.optional() }).optional(),
  audit: audit.optional(),
  listen: withKeys({
    host: filled.optional(),
    port: z.int().min(0, 'must be from 0 to 65535').max(65_535, 'must be from 0 to 65535').optional(),
    proxies: z.array(network).optional(),
    tls: withKeys({
      certificate: filled,
      key: filled,
      clientCa: filled.optional(),
      clientCertificates: z.enum(['required', 'asked']).optional(),
    }).optional(),
  }).optional(),
  limits: withKeys({ perClient: rate.optional(), unauthenticated: rate.optional() }).optional(),
  redis: redis.optional(),
  cacheKey: cacheKey.optional(),
  environments: z.record(environmentName, environment),
  tools,
  alerts: withKeys({
    webhook: withKeys({
      url: filled.optional(),
      urlFile: filled.optional(),
      secretFile: filled.optional(),
      repeatEvery: duration.optional(),
    }).optional(),
  }).optional(),
  clients: z
    .record(
      givenName,
      withKeys({
        keys: z.array(keyHash).optional(),
        certificates: z.array(certificate).optional(),
        roles: z.array(givenName),
      }),
    )
    .optional(),
  roles: z.record(givenName, withKeys({ allow: rules, deny: rules.optional() })).optional(),
})

export const overlaySchema: z.ZodType<WrittenOverlay> = withKeys({
  environment: environment.optional(),
  tools: tools.optional(),
})
