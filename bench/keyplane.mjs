// The command line as it is published: `packages/cli/bin/keyplane.js` would run a checkout's sources.
const { main } = await import('keyplane')
await main()
