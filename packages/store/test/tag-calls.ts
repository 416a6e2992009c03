import type { Tag } from '@keyplane/aws'
import type { TestStore } from './test-store.ts'

export const tag = (Key: string, Value: string): Required<Tag> => ({ Key, Value })

/** Calls that tests of tags make. */
export interface TagCalls {
  /** Makes a secret with these tags, and gives its name. */
  newSecret(tags?: readonly Tag[]): Promise<string>
  tagsOf(id: string): Promise<readonly Tag[] | undefined>
}

export const tagCalls = (store: TestStore): TagCalls => {
  let made = 0
  const newSecret = async (Tags?: readonly Tag[]): Promise<string> => {
    made += 1
    const Name = `tags/${made}`
    await store.ok('CreateSecret', { Name, ...(Tags && { Tags }) })
    return Name
  }
  return { newSecret, tagsOf: async (SecretId) => (await store.ok('DescribeSecret', { SecretId })).Tags }
}
