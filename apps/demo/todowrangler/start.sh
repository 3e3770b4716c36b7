# What the image `bad` does: it fails as applications do.
echo 'migrate: 3 migrations to run'
echo 'migrate: 0042_add_due_date: cannot open database /data/todo.sqlite3: no such directory' >&2
exit 1
