# awk -f attributes.awk common/attributes.def: what `procctl attributes --names` says of all that
# the registry declares, after the name of the table: TABLE, NAME, SENTENCE, with tabs between.
# Completion takes it while no server runs.

# ATTRIBUTE(table, id, SYMBOL, "name", ... "sentence")
/^(ATTRIBUTE|DETAIL|DERIVED2?)\(/ {
	split($0, field, ", ")
	table = tolower(field[1])
	sub(/.*\(/, "", table)
	name = field[4]
	gsub(/"/, "", name)
	sentence = $0
	sub(/"\)$/, "", sentence)
	sub(/.*"/, "", sentence)
	group = name
	if (!(table in seen))
		say("all", "all but what is slow")
	if (sub(/\..*/, "", group) && !((table, group) in seen))
		say(group, "group: what most people want of it")
	if (/^DETAIL/ && !((table, group ".*") in seen))
		say(group ".*", "group: all of it")
	say(name, sentence)
}

function say(name, text)
{
	print table "\t" name "\t" text
	seen[table]
	seen[table, name]
}
