import { describe, expect, it } from 'vitest'
import { bindingOf } from './binding.ts'

describe('what kept answers are bound to', () => {
  it('is another for another source, endpoint or region, however they are told', () => {
    const bindings = [
      bindingOf({ source: 'aws' }, {}),
      bindingOf({ source: 'ssm' }, {}),
      bindingOf({ source: 'aws', region: 'eu-west-1' }, {}),
      bindingOf({ source: 'aws', endpoint: 'http://127.0.0.1:1' }, {}),
      bindingOf({ source: 'aws' }, { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }),
      bindingOf({ source: 'openbao' }, { BAO_ADDR: 'https://a' }),
      bindingOf({ source: 'openbao' }, { BAO_ADDR: 'https://b' }),
      bindingOf({ source: 'openbao' }, { BAO_ADDR: 'https://b', BAO_NAMESPACE: 'n' }),
    ]
    expect(new Set(bindings).size).toBe(bindings.length)
  })

  it('is one region, by the file or by the environment, and no token', () => {
    const inFile = bindingOf({ source: 'aws', region: 'eu-west-1' }, { AWS_REGION: 'us-east-1' })
    expect(bindingOf({ source: 'aws' }, { AWS_REGION: 'eu-west-1' })).toBe(inFile)
    expect(bindingOf({ source: 'aws' }, { AWS_DEFAULT_REGION: 'eu-west-1' })).toBe(inFile)
    expect(bindingOf({ source: 'openbao' }, { BAO_TOKEN: 'canary' })).toBe(bindingOf({ source: 'openbao' }, {}))
  })
})
