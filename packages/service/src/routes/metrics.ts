import { type AuditSink, type Clock, SecretsError } from '@keyplane/core'
import { isLoopback } from '@keyplane/http'
import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { Authenticate } from '../access/authenticate.ts'
import { isAllowed, wholeService } from '../access/decide.ts'
import { keep, refusedRecord } from '../audit/read-records.ts'
import { guarded } from '../http/guarded.ts'
import { guardedProblems } from '../http/problem-schema.ts'
import type { ServiceRoutes } from '../http/service-routes.ts'
import type { ServiceMetrics } from '../metrics/service-metrics.ts'

export interface MetricsParts {
  readonly authenticate: Authenticate
  readonly metrics: ServiceMetrics
  readonly audit: AuditSink
  readonly clock: Clock
}

const text: z.ZodType = z.string()

const schema = {
  security: [...guarded.security, {}],
  operationId: 'getMetrics',
  tags: ['probes'],
  summary: 'Counters and durations for Prometheus; from the same machine without a key',
  response: { 200: { description: 'Metrics.', content: { 'text/plain': { schema: text } } }, ...guardedProblems() },
}

const reading = { action: 'metrics:read', ...wholeService } as const

/** From this machine, and not handed on by a proxy for somebody elsewhere. */
const isLocal = ({ ip, headers }: FastifyRequest): boolean =>
  isLoopback(ip.replace(/^::ffff:/, '')) && !headers['x-forwarded-for'] && !headers.forwarded

/** For this machine, and for clients whose roles allow `metrics:read` everywhere. */
export const metricsRoute = (app: ServiceRoutes, { authenticate, metrics, audit, clock }: MetricsParts): void => {
  const guard: Authenticate = async function guard(request, reply) {
    if (isLocal(request)) return
    await authenticate.call(this, request, reply)
    const { client, id: requestId } = request
    if (isAllowed(reading, client.roles)) return
    await keep(audit, [refusedRecord({ ...reading, client: client.name, requestId, atMs: clock.nowMs() })])
    throw new SecretsError('access_denied', 'You may not read the metrics.')
  }
  app.get('/metrics', { schema, onRequest: guard }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
