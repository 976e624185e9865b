# awk -f attributes.awk common/attributes.def: the names that the registry declares, and their
# groups, a line each: TABLE, a tab, NAME. For completion while no server runs.

# ATTRIBUTE(table, id, SYMBOL, "name", ...
/^(ATTRIBUTE|DERIVED)\(/ {
	split($0, field, ", ")
	table = tolower(field[1])
	sub(/.*\(/, "", table)
	name = field[4]
	gsub(/"/, "", name)
	group = name
	if (sub(/\..*/, "", group) && !seen[table, group]++)
		print table "\t" group
	if (!seen[table, name]++)
		print table "\t" name
}
