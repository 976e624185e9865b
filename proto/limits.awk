# awk -f limits.awk common/limits.def MANUAL: the manual with the list of limits where it says
# `.\" LIMITS`.

# A heading: /* ---- Sessions */
/^\/\* ---- / {
	gsub(/^\/\* ---- | *\*\/$/, "")
	text = text (text == "" ? "" : ".El\n") ".Ss " $0 "\n.Bl -tag -width Ds\n"
	next
}

# LIMIT(SYMBOL, "name", value, unit, side, "sentence")
/^LIMIT\(/ {
	split($0, field, ", ")
	gsub(/"/, "", field[2])
	sentence = $0
	sub(/"\)$/, "", sentence)
	sub(/.*"/, "", sentence)
	gsub(/\. /, ".\n", sentence)
	side = field[5] == "BOTH" ? "both sides" : tolower(field[5])
	text = text ".It Cm " field[2] " Pq " said(product(field[3]), field[4]) ", " side "\n" sentence "\n"
	next
}

$0 == ".\\\" LIMITS" {
	printf "%s.El\n", text
	next
}

FILENAME ~ /\.def$/ { next }
{ print }

# 4 * 1024
function product(factors,  factor, number, i, result)
{
	result = 1
	number = split(factors, factor, " [*] ")
	for (i = 1; i <= number; i++)
		result *= factor[i]
	return result
}

function said(value, unit)
{
	if (unit == "BYTES")
		return value % 1048576 == 0 ? value / 1048576 " MiB" : \
			value % 1024 == 0 ? value / 1024 " KiB" : value " bytes"
	if (unit == "SECONDS")
		return value % 3600 == 0 ? value / 3600 " h" : value " s"
	return value (unit == "MILLISECONDS" ? " ms" : unit == "A_SECOND" ? " a second" : "")
}
