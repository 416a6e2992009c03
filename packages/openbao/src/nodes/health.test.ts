import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { client, node } from '../../test/clients.ts'
import { type NodeDouble } from '../../test/node-double.ts'

describe('health', () => {
  it('tells how each node stands', async () => {
    const health = (body: object, status = 200): NodeDouble['answer'] => {
      const answer = { status, body: JSON.stringify(body) }
      return () => answer
    }
    const nodes = await Promise.all([
      node(health({ initialized: true, sealed: false, standby: false, version: '2.7.2' })),
      node(health({ initialized: true, sealed: false, standby: true }, 429)),
      node(health({ initialized: true, sealed: true, standby: true }, 503)),
      node(health({ initialized: false, sealed: true }, 501)),
      node(() => ({ body: '<html>' })),
      node(() => 'reset'),
    ])
    const found = await client(nodes, { namespace: 'team' }).health()
    expect([...found.values()].map(({ state }) => state)).toEqual([
      'active',
      'standby',
      'sealed',
      'uninitialised',
      'unreachable',
      'unreachable',
    ])
    expect(found.get(nodes[0].endpoint)).toEqual({ state: 'active', version: '2.7.2' })
    expect(nodes[0].asked[0]?.headers).not.toHaveProperty('x-vault-token')
    // In a namespace there is no health.
    expect(nodes[0].asked[0]?.headers).not.toHaveProperty('x-vault-namespace')
  })

  it('tells how far a seal is open', async () => {
    const nodes = await Promise.all([
      node(() => ({ body: '{"type":"shamir","initialized":true,"sealed":true,"t":3,"n":5,"progress":1}' })),
      node(() => 'reset'),
    ])
    expect([...(await client(nodes).sealStatus()).values()]).toEqual([
      { sealed: true, type: 'shamir', progress: 1, threshold: 3 },
      { sealed: undefined },
    ])
  })

  it('tells a hung node from one that is gone', async () => {
    const clock = fakeClock()
    const hung = await node(() => 'hang')
    const health = client([hung], { clock }).health()
    while (hung.asked.length < 1) await clock.advance(0)
    await clock.advance(2_500)
    expect([...(await health).values()]).toEqual([{ state: 'hung' }])
  })
})
