#!/bin/sh
# Makes the files of secrets that docker-compose.yml names; what is there already stays. Run it as root: each file belongs to
# the user that reads it in its container (1000: Elasticsearch and the archive; 999: Postgres).
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 0711 "$folder"

keep() { # name, owner, mode, then the command that writes the secret
    path=$folder/$1
    owner=$2
    mode=$3
    shift 3
    if [ ! -e "$path" ]; then
        "$@" >"$path.new"
        mv "$path.new" "$path"
    fi
    chmod "$mode" "$path"
    if [ "$(id -u)" = 0 ]; then chown "$owner" "$path"; fi
}
random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
fernet() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
operator() { printf '{"admin": "%s"}' "$(random)"; }

keep postgres_password 999:1000 0440 random
keep elasticsearch_password 1000:1000 0400 random
for name in archive_owner_password archive_app_password airflow_database_password airflow_jwt_secret airflow_secret_key; do
    keep "$name" 1000:1000 0400 random
done
keep airflow_fernet_key 1000:1000 0400 fernet
keep airflow_passwords 1000:1000 0400 operator
echo "The secrets are in $folder. Back them up away from this machine: without them the databases cannot be read."
