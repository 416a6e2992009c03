/** What the start of a plane offers to paste, for where it runs. No credential stands in any of it. */
export interface PasteFacts {
  /** As a shell in the present folder would name it. */
  readonly dataPath: string
  readonly isDefaultData: boolean
  readonly agentHost: string
  /** Whether the repository's examples are here. */
  readonly hasExamples: boolean
}

export interface PasteLine {
  readonly what: string
  readonly command: string
}

export const pasteLines = ({ dataPath, isDefaultData, agentHost, hasExamples }: PasteFacts): PasteLine[] => {
  const keyplane = (command: string): string => `npx keyplane ${command}${isDefaultData ? '' : ` --data ${dataPath}`}`
  const run = `run KEY=demo/dev/api-key`
  return [
    {
      what: 'Read a secret through the agent',
      command: `curl -sH @${dataPath}/agent.header '${agentHost}/secretsmanager/get?secretId=demo/dev/api-key'`,
    },
    {
      what: 'The same secret with your own AWS CLI',
      command: `(. ${dataPath}/aws.env; aws secretsmanager get-secret-value --secret-id demo/dev/api-key)`,
    },
    ...(hasExamples ? [{ what: 'In Node, with types', command: 'npx node -C source examples/hello.ts' }] : []),
    {
      what: 'Change it; repeat 1: the new value is there',
      command: `openssl rand -hex 16 | ${keyplane('set demo/dev/api-key -')}`,
    },
    {
      what: 'Run a program with it',
      command: `${keyplane(run)} -- sh -c 'test -n "$KEY" && echo set'`,
    },
    { what: 'See who read what', command: keyplane('audit tail') },
  ]
}
