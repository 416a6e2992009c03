import { type Command as Parser, Option } from 'commander'
import type { Command } from './context.ts'

type Run = (load: () => Promise<Command<never>>) => (this: Parser) => Promise<void>

/** An address holds a password, and so it is not an argument itself. */
export const databaseUrlFile = (): Option =>
  new Option('--database-url-file <path>', 'a file with the URL of a PostgreSQL database, in place of the SQLite file')

/** What is done with a store beside running it. Each works while it runs. */
export const addStoreCommands = (store: Parser, run: Run): void => {
  const command = (spelling: string, summary: string, examples: string, load: () => Promise<Command<never>>): Parser =>
    store
      .command(spelling)
      .summary(summary)
      .description(summary)
      .addOption(databaseUrlFile())
      .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`)
      .action(run(load))

  command(
    'backup <file>',
    'Write all of the store to a file, for either engine; the root key is not in it',
    'keyplane store backup keyplane.backup\nkeyplane store backup keyplane.backup --force\nkeyplane store backup pg.backup --database-url-file url',
    async () => (await import('./commands/store-backup.ts')).storeBackup,
  ).option('--force', 'replace a file that is there')
  command(
    'restore <file>',
    'Make a store of a backup, where there is none yet; its root key has to be in the data folder',
    'keyplane --data restored store restore keyplane.backup\nkeyplane store restore keyplane.backup --database-url-file url',
    async () => (await import('./commands/store-restore.ts')).storeRestore,
  )
  command(
    'verify',
    'Whether the store is whole: its file, every value, its audit log',
    'keyplane store verify\nkeyplane store verify --json',
    async () => (await import('./commands/store-verify.ts')).storeVerify,
  )
  command(
    'rekey',
    'Put the KMS keys under a new root key, or the values’ keys under new KMS keys; no value is touched',
    'keyplane store rekey\nkeyplane store rekey --kms-key',
    async () => (await import('./commands/store-rekey.ts')).storeRekey,
  ).option('--kms-key', 'new materials for the KMS keys, in place of a new root key')
}
