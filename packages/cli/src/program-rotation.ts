import type { Command as Parser } from 'commander'
import type { Command } from './context.ts'
import { parseCount } from './parse-count.ts'
import { databaseUrlFile, type Run } from './program-store.ts'
import { rotatorNames } from './rotation/rotator-name.ts'

/** `rotate`, and what is asked of rotations. */
export const addRotationCommands = (program: Parser, run: Run): void => {
  const group = program.command('rotation').summary('What is rotated, by what and when').exitOverride()
  const command = (
    under: Parser,
    spelling: string,
    summary: string,
    examples: string,
    load: () => Promise<Command<never>>,
  ): Parser =>
    under
      .command(spelling)
      .summary(summary)
      .description(summary)
      .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`)
      .action(run(load))

  command(
    program,
    'rotate <name>',
    'Change a credential at its target and in the store, one step at a time',
    "keyplane rotate demo/dev/api-key --by random-password\nkeyplane rotate app/db --by postgres-user --every 'rate(30 days)'\nkeyplane rotate app/db --by postgres-user --every 'cron(0 3 1 * ? *)' --window 3h --later\nkeyplane rotate app/db --by arn:aws:lambda:us-east-1:000000000000:function:rotate-db",
    async () => (await import('./commands/rotate.ts')).rotate,
  )
    .option('--by <rotator>', `${rotatorNames.join(', ')}, or a function’s ARN`)
    .option('--every <schedule>', 'rate(30 days), cron(0 3 1 * ? *): from here on')
    .option('--window <hours>', 'how long after its time it may begin; one that is missed waits for the next: 3h')
    .option('--later', 'set the schedule, and try it: the first rotation is its first run')
    .option('--no-wait', 'do not wait for the end')
    .addOption(databaseUrlFile())

  command(
    group,
    'status [name]',
    'What is rotated: by what, last, next, and the step that is under way',
    'keyplane rotation status\nkeyplane rotation status app/db --json',
    async () => (await import('./commands/rotation-status.ts')).rotationStatus,
  ).addOption(databaseUrlFile())
  command(
    group,
    'next <name>',
    'When a secret is rotated next, in UTC',
    'keyplane rotation next app/db\nkeyplane rotation next app/db -n 12 --json',
    async () => (await import('./commands/rotation-next.ts')).rotationNext,
  ).option('-n, --count <count>', 'how many runs; 1000 at most', parseCount, 5)
  command(
    group,
    'pause <name>',
    'Rotate a secret no more, until it is resumed; what is under way is taken back, unless it is too far',
    'keyplane rotation pause app/db',
    async () => (await import('./commands/rotation-pause.ts')).rotationPause,
  ).addOption(databaseUrlFile())
  command(
    group,
    'resume <name>',
    'Rotate a secret again, by its schedule',
    'keyplane rotation resume app/db',
    async () => (await import('./commands/rotation-resume.ts')).rotationResume,
  )
  command(
    group,
    'rollback <name>',
    'Take back the rotation that is under way, and wait for that; the schedule stays',
    'keyplane rotation rollback app/db',
    async () => (await import('./commands/rotation-rollback.ts')).rotationRollback,
  ).addOption(databaseUrlFile())
}
