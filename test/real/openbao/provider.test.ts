import { afterAll, beforeAll } from 'vitest'
import { BaoServer } from './bao-server.ts'
import { describeRealOpenBao } from './real-openbao.ts'

const server = new BaoServer()
beforeAll(() => server.startDev())
afterAll(() => server.remove())

describeRealOpenBao('openbao, over the real server', server)
