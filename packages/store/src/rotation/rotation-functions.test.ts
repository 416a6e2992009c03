import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FunctionsEndpoint, RotationFunctions } from './rotation-functions.ts'

let server: Server
const seen: IncomingHttpHeaders[] = []
beforeEach(async () => {
  seen.length = 0
  server = createServer((request, response) => {
    seen.push(request.headers)
    request.resume().on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => server.close().closeAllConnections())

const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:rotate'
const asked = async (credentials: FunctionsEndpoint['credentials']): Promise<IncomingHttpHeaders | undefined> => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const functions = new RotationFunctions({ url, region: 'eu-west-1', credentials }, systemClock)
  const isInvokable = await functions.isInvokable(arn, new AbortController().signal)
  expect(isInvokable).toBe(seen.length > 0)
  return seen[0]
}

describe('a call of a rotation function', () => {
  it.each([
    ['given', { accessKeyId: 'ASIAROLE', secretAccessKey: 'secret', sessionToken: 'the-roles-token' }],
    [
      'found as AWS’s chain does',
      { env: { AWS_ACCESS_KEY_ID: 'ASIAROLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'the-roles-token' } },
    ],
  ])('is signed by a role’s credentials, %s', async (_, credentials) => {
    expect(await asked(credentials)).toMatchObject({
      authorization: expect.stringContaining('Credential=ASIAROLE/'),
      'x-amz-security-token': 'the-roles-token',
    })
  })

  it('is not made where there are no credentials', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'ASIAROLE', AWS_SECRET_ACCESS_KEY: 'secret\n' }
    expect(await asked({ env })).toBeUndefined()
  })
})
