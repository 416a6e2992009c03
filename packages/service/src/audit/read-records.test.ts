import { TextValue } from '@keyplane/core'
import { encodeToolConfiguration } from '@keyplane/protocol'
import { expect, it } from 'vitest'
import { toolConfiguration } from '../tools/tool-configuration.ts'
import { deliveredRecords } from './read-records.ts'

it('of a value from OpenBao names the read that fetched it, which goes to no caller', () => {
  const attributes = { 'openbao.requestId': '6f81776c' }
  const configuration = toolConfiguration({
    tool: 'payments',
    environment: 'production',
    settings: {},
    asked: [
      {
        name: 'db',
        outcome: {
          ok: true,
          value: {
            version: { id: 'db', version: '7', value: new TextValue('value'), attributes },
            source: 'openbao',
            confirmedAtMs: 0,
            freshUntilMs: 1_000,
            generation: 1,
          },
        },
      },
    ],
    ownSource: 'openbao',
    nowMs: 500,
  })
  const by = { action: 'configuration:read', environment: 'production', tool: 'payments' } as const
  expect(deliveredRecords({ ...by, client: 'shop', requestId: 'r', atMs: 1 }, configuration)).toMatchObject([
    { detail: { version: '7', source: 'openbao', stale: 'false', 'openbao.requestId': '6f81776c' } },
  ])
  expect(encodeToolConfiguration(configuration)).not.toContain('6f81776c')
})
