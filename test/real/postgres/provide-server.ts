import { ScratchServer } from './scratch-server.ts'

/** A server for the store's own tests, which look for its address; see packages/store/test/test-database.ts. */
const provideServer = async (): Promise<() => Promise<void>> => {
  const server = await ScratchServer.start()
  process.env['KEYPLANE_TEST_POSTGRES'] = server.url()
  return async () => {
    delete process.env['KEYPLANE_TEST_POSTGRES']
    await server.stop()
  }
}

export default provideServer
