"""What AWS's caching client is asked of the store; endpoint and keys come from the environment alone."""
import datetime
import unittest
from unittest import mock

import boto3
from aws_secretsmanager_caching import InjectKeywordedSecretString, SecretCache, SecretCacheConfig


def later(seconds):
    """The cache's clock, moved on."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    clock = mock.Mock(wraps=datetime.datetime)
    clock.now.side_effect = lambda zone: moment
    return mock.patch("aws_secretsmanager_caching.cache.items.datetime", clock)


class CachingClient(unittest.TestCase):
    def setUp(self):
        self.client = boto3.client("secretsmanager")
        self.name = "caching/" + self.id().split(".")[-1]
        self.client.create_secret(Name=self.name, SecretString='{"user": "first"}')
        self.calls = []
        self.client.meta.events.register("before-call.secrets-manager", lambda model, **_: self.calls.append(model.name))
        self.cache = SecretCache(config=SecretCacheConfig(secret_refresh_interval=3600), client=self.client)

    def read(self, stage=None):
        return self.cache.get_secret_string(self.name, stage)

    def test_reads_once_until_its_hour_is_over(self):
        self.assertEqual([self.read() for _ in range(3)], ['{"user": "first"}'] * 3)
        self.assertEqual(self.calls, ["DescribeSecret", "GetSecretValue"])
        self.client.put_secret_value(SecretId=self.name, SecretString="second")
        self.assertEqual(self.read(), '{"user": "first"}')
        with later(3601):
            self.assertEqual(self.read(), "second")

    def test_refreshes_when_it_is_told_to(self):
        self.read()
        self.client.put_secret_value(SecretId=self.name, SecretString="second")
        self.assertTrue(self.cache.refresh_secret_now(self.name))
        self.assertEqual((self.read(), self.read("AWSPREVIOUS")), ("second", '{"user": "first"}'))

    def test_follows_a_rotation_by_hand(self):
        first = self.client.get_secret_value(SecretId=self.name)["VersionId"]
        pending = self.client.put_secret_value(
            SecretId=self.name, SecretString="pending", VersionStages=["AWSPENDING"]
        )["VersionId"]
        self.assertEqual((self.read(), self.read("AWSPENDING")), ('{"user": "first"}', "pending"))
        self.client.update_secret_version_stage(
            SecretId=self.name, VersionStage="AWSCURRENT", MoveToVersionId=pending, RemoveFromVersionId=first
        )
        with later(3601):
            self.assertEqual((self.read(), self.read("AWSPREVIOUS")), ("pending", '{"user": "first"}'))

    def test_keeps_bytes_and_fills_arguments(self):
        self.client.create_secret(Name=self.name + "/bytes", SecretBinary=b"\x00\xff")
        self.assertEqual(self.cache.get_secret_binary(self.name + "/bytes"), b"\x00\xff")

        @InjectKeywordedSecretString(secret_id=self.name, cache=self.cache, who="user")
        def greet(who):
            return who

        self.assertEqual(greet(), "first")

    def test_gives_its_last_value_where_the_secret_is_gone(self):
        self.read()
        self.client.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)
        with later(3601):
            self.assertEqual(self.read(), '{"user": "first"}')
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.cache.get_secret_string(self.name + "/none")


if __name__ == "__main__":
    unittest.main()
