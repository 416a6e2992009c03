import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ConnectionRoom, roomForConnections } from './connection-room.ts'

const room = (limit: string, open: number): number =>
  roomForConnections({
    limits: () => `Limit   Soft Limit  Hard Limit  Units\nMax open files            ${limit}   524288    files\n`,
    openNow: () => open,
  })

describe('room for connections', () => {
  it('is what the limit of open files leaves beside what is open, and what calls to the source need', () => {
    expect(room('1024', 24)).toBe(936)
    expect(room('128', 28)).toBe(50)
    expect(room('20', 30)).toBe(0)
    expect(room('unlimited', 30)).toBe(Number.POSITIVE_INFINITY)
  })

  it('has no bound where the system does not tell of one', () => {
    const missing = () => {
      throw new Error('ENOENT')
    }
    expect(roomForConnections({ limits: missing, openNow: () => 1 })).toBe(Number.POSITIVE_INFINITY)
  })

  it('is taken until a connection closes; one without room is ended, and told', async () => {
    const told: number[] = []
    const connections = new ConnectionRoom((max) => void told.push(max), 1)
    const [first, second, third] = [new Socket(), new Socket(), new Socket()]
    expect([connections.take(first), connections.take(second)]).toEqual([true, false])
    expect([second.destroyed, told]).toEqual([true, [1]])
    await new Promise((resolve) => first.once('close', resolve).destroy())
    expect([connections.take(third), third.destroyed, told]).toEqual([true, false, [1]])
  })
})
