import { TestStore } from './test-store.ts'

/**
 * Run as a program with a folder and a name, this starts a store there, makes a secret of that name, and ends. It is
 * there to be run several times at once.
 */
const [, , folder, name] = process.argv
const store = await new TestStore(folder).start()
await store.ok('CreateSecret', { Name: `by/${name}`, SecretString: `of ${name}` })
await store.ok('CreateSecret', { Name: 'shared', SecretString: `of ${name}` }).catch((error: unknown) => {
  if (!String(error).includes('ResourceExistsException')) throw error
})
await store.stop()
