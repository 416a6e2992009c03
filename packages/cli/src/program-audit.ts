import type { Command as Parser } from 'commander'
import { parseCount } from './parse-count.ts'
import { databaseUrlFile, type Run, withRootKey } from './program-store.ts'

/** Who did what with a store's secrets, and why somebody may. */
export const addAuditCommands = (program: Parser, run: Run): void => {
  const audit = program.command('audit').summary('Who read and wrote what').exitOverride()
  audit
    .command('tail')
    .description('The latest calls to the store: when, who, what, which secret, allowed or not')
    .option('-n, --lines <count>', 'how many', parseCount, 20)
    .option('-f, --follow', 'go on with what comes')
    .addOption(databaseUrlFile())
    .addHelpText(
      'after',
      '\nExamples:\n  keyplane audit tail\n  keyplane audit tail -n 100 --json\n  keyplane audit tail -f',
    )
    .action(run(async () => (await import('./commands/audit-tail.ts')).auditTailCommand))
  withRootKey(
    audit
      .command('verify')
      .description('Whether the audit log is whole: nothing edited, removed or reordered')
      .addOption(databaseUrlFile())
      .addHelpText('after', '\nExamples:\n  keyplane audit verify'),
  ).action(run(async () => (await import('./commands/audit-verify.ts')).auditVerifyCommand))

  program
    .command('policy')
    .summary('Who may do what, and why')
    .command('explain')
    .description('Why somebody may or may not do something: every statement of every policy that bears on it')
    .requiredOption('--principal <arn>', 'a user, a role or the root of an account in the IAM file')
    .requiredOption('--action <action>', 'secretsmanager:GetSecretValue, kms:Decrypt, …')
    .option('--resource <name>', 'a secret’s name or ARN, a KMS key’s id, alias or ARN')
    .option('--region <region>', 'where the call would be made', 'us-east-1')
    .option('--context <key=value...>', 'what conditions are to see besides: aws:SourceIp=10.0.0.1')
    .option('--resource-policy <file>', 'a policy to try in place of the one that the secret has')
    .option('--iam <file>', 'the IAM file; default: that of the data folder')
    .addOption(databaseUrlFile())
    .addHelpText(
      'after',
      '\nExamples:\n  keyplane policy explain --principal arn:aws:iam::000000000000:user/agent --action secretsmanager:PutSecretValue --resource demo/dev/api-key',
    )
    .action(run(async () => (await import('./commands/policy-explain.ts')).policyExplain))
}
