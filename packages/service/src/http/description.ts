import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { described } from './described.ts'

/** The pages of the description load their own scripts and styles, and ask this service alone. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Describes the routes that are added after it: `GET /openapi.json`, and pages at `/docs`. Neither tells of what is
 * configured here, so both are for everybody.
 */
export const describeRoutes = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Keyplane configuration service',
        version: '1',
        description: 'What a tool needs in an environment, settings and secrets.',
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A key (`kps_…`), or the token of a login (`kpt_…`).',
          },
        },
      },
    },
    transform: createJsonSchemaTransform({ schemaRegistry: described }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: described }),
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    // Its defaults ask a validator elsewhere about the address of the description, and have a bar with a logo whose styles
    // stand in the page, and a field to show the description of somebody else.
    uiConfig: { validatorUrl: null, layout: 'BaseLayout' },
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
}
