#!/bin/sh
# Becomes a Redis with redis.conf and two users: "default", for all stages, and the executors' own, which reaches the queues of their space and nothing else.
# Passwords: REDIS_PASSWORD, EXECUTOR_REDIS_PASSWORD. The space: TOOLWRIGHT_PREFIX, TOOLWRIGHT_SPACE. Memory for data: REDIS_MAX_MEMORY. Arguments are redis-server's own.
# The file of users is written anew with each start, so a changed password holds from the next start on; it holds only hashes.
set -eu
: "${REDIS_PASSWORD:?set it to the password of all stages but the executors}"
: "${EXECUTOR_REDIS_PASSWORD:?set it to the password of the executors}"
[ "$REDIS_PASSWORD" != "$EXECUTOR_REDIS_PASSWORD" ] || {
  echo 'start-redis: EXECUTOR_REDIS_PASSWORD is the same as REDIS_PASSWORD: what breaks out of an executor would reach everything; set another' >&2
  exit 5
}
prefix=${TOOLWRIGHT_PREFIX:-toolwright}
space=${TOOLWRIGHT_SPACE:-default}
users=${TMPDIR:-/tmp}/users.acl

hash_of() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
# A command that was forgotten here keeps executors from working, so a test compares this with packages/queues/src/executor-user.ts.
queues="{$prefix:$space}:q"
keys="~$queues:execution:* ~$queues:user:* ~$queues:maker:*"
commands='ping select info client|setname eval evalsha cluster|slots cluster|info asking readonly
  del exists pexpire pttl get set incr
  hdel hexists hget hgetall hincrby hmget hmset hset
  llen lpush lrange lrem ltrim rpoplpush rpush
  sadd scard smembers srem
  bzpopmin zadd zcard zpopmin zrange zrangebyscore zrem zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zscore
  xadd xtrim'
allowed=
for command in $commands; do allowed="$allowed +$command"; done

umask 077
{
  printf 'user default on #%s ~* &* +@all\n' "$(hash_of "$REDIS_PASSWORD")"
  printf 'user %s on #%s %s resetchannels -@all%s\n' "executor.$prefix.$space" "$(hash_of "$EXECUTOR_REDIS_PASSWORD")" "$keys" "$allowed"
} >"$users"
unset REDIS_PASSWORD EXECUTOR_REDIS_PASSWORD REDISCLI_AUTH
exec redis-server "$(dirname -- "$0")/redis.conf" --aclfile "$users" --maxmemory "${REDIS_MAX_MEMORY:-1gb}" "$@"
