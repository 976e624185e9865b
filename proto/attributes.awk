# awk -f attributes.awk common/attributes.def MANUAL: the manual with the list of attributes
# of the registry where it says `.\" ATTRIBUTES`.

# An attribute is one line: ATTRIBUTE(table, id, SYMBOL, "name", type, unit, kind or rule, ...)
/^(ATTRIBUTE|DERIVED)\(/ {
	split($0, field, ", ")
	table = field[1]
	sub(/.*\(/, "", table)
	if (!(table in list))
		tables[++table_count] = table
	list[table] = list[table] item()
	next
}

$0 == ".\\\" ATTRIBUTES" {
	for (i = 1; i <= table_count; i++)
		printf ".Ss Table %s\n.Bl -tag -width Ds\n%s.El\n", tables[i], list[tables[i]]
	next
}

FILENAME ~ /\.def$/ { next }
{ print }

function item(  name, sentence, about)
{
	name = field[4]
	gsub(/"/, "", name)
	sentence = $0
	sub(/"\)$/, "", sentence)
	sub(/.*"/, "", sentence)
	about = tolower(field[5])
	if (field[6] != "NONE")
		about = about " " words(field[6])
	about = about ", " ($0 ~ /^DERIVED/ ? "derived" : tolower(field[7]))
	if (field[8] == "SLOW")
		about = about ", slow"
	return sprintf(".It Cm %s Pq %s: %s\n%s\n", name, field[2], about, sentence)
}

function words(symbol)
{
	symbol = tolower(symbol)
	gsub(/_/, " ", symbol)
	return symbol
}
