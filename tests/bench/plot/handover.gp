# A handover under an echo request every millisecond: each dot is a reply; where dots are missing nothing got through.
from = -12; to = 20
at(event) = real(system(sprintf("awk '$2 == \"%s\" { print $1 }' %s", event, data)))
up = at("link_up"); ra = at("ra"); bu = at("bu_sent"); ba = at("ba_received")

stats data index 0 using ($1 >= from && $1 <= to ? $2 : 1/0) name "number" nooutput
stats data index 0 using ($1 < ba ? $1 : 1/0) name "before" nooutput
stats data index 0 using ($1 >= ba ? $1 : 1/0) name "after" nooutput
top = number_max - number_min + 1
silent = after_min - before_max

set title sprintf("A handover: silent for %.0f ms", silent) font ",16"
set xlabel "milliseconds since the link to the new network was up"
set ylabel "echo replies, one request a millisecond"
set xrange [from:to]
set yrange [0:top]
unset ytics

set object 1 rectangle from before_max, graph 0 to after_min, graph 1 behind fillcolor rgb bad fillstyle solid 0.12 noborder
set label 2 "old network" at from + 0.5, top * 0.55 textcolor rgb plain
set label 3 "new network" at 11, top * 0.92 right textcolor rgb direct
do for [i = 0:3] {
	x = word(sprintf("%f %f %f %f", up, ra, bu, ba), i + 1) + 0
	y = top * (0.05 + 0.1 * i)
	what = i == 0 ? "link up" : i == 1 ? "Router Advertisement heard" : i == 2 ? "Binding Update sent" : "Binding Acknowledgement received"
	set arrow 10 + i from x, 0 to x, top nohead linecolor rgb "#bbbbbb" linewidth 0.7
	set arrow 20 + i from 5, y to x, y size 0.4,20 filled linecolor rgb plain linewidth 0.7
	set label 20 + i sprintf("%s, %.1f ms", what, x) at 5.3, y textcolor rgb "#444444"
}
plot data index 0 using ($1 < ba ? $1 : 1/0):($2 - number_min) with points pointtype 7 pointsize 0.45 linecolor rgb plain notitle, \
     data index 0 using ($1 >= ba ? $1 : 1/0):($2 - number_min) with points pointtype 7 pointsize 0.45 linecolor rgb direct notitle
