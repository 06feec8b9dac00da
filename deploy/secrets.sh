#!/bin/sh
# Makes the secrets of docker-compose.yml as files in secrets/; what is there already stays.
#
#   sh deploy/secrets.sh                                    asks for nothing; mail goes to mailpit
#   sh deploy/secrets.sh 'ses://eu-west-1?configuration_set=daybreak'
#   sh deploy/secrets.sh smtp://user:password@smtp.example.org:587
set -eu

folder=${SECRETS:-secrets}
mail_url=${1:-smtp://mailpit:1025}

if ! command -v openssl > /dev/null; then
    echo "openssl is missing, and nothing else here makes keys: install it" >&2
    exit 1
fi

# Containers read the files as users of their own, so they are for everybody; the folder is not.
umask 022
mkdir -p "$folder"
chmod 700 "$folder"

keep() {
    if [ -s "$folder/$1" ]; then
        echo "$folder/$1 stays as it is"
    else
        cat > "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "$folder/$1 is made"
    fi
}

openssl rand -hex 24 | keep postgres_password
openssl rand -hex 32 | keep secret_keys
openssl rand -hex 32 | keep suppression_key
echo "postgresql://daybreak:$(cat "$folder/postgres_password")@postgres/daybreak" | keep database_url
printf '%s\n' "$mail_url" | keep mail_url
if [ "$(cat "$folder/mail_url")" != "$mail_url" ] && [ $# -gt 0 ]; then
    echo "$folder/mail_url holds another address than this one: remove it and run this again" >&2
fi
keep aws_credentials <<'TEMPLATE'
# Only without a role of the machine's own:
# [default]
# aws_access_key_id = ...
# aws_secret_access_key = ...
TEMPLATE

echo "Keep a copy of $folder/suppression_key and $folder/secret_keys apart from the database's backups."
