p() { echo "--- $1"; shift; "$@" 2>/dev/null; echo "=$?"; }
cd /tmp; rm -rf difft; mkdir difft; cd difft
printf 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n' > 1; printf 'a\nb\nX\nd\ne\nf\ng\nh\ni\nj2\nk' > 2; mkdir -p d1/s d2/s d1/o; echo x > d1/s/f; echo y > d2/s/f; echo q > d1/s/only; echo same > d1/z; echo same > d2/z; echo z> d2/new; mkdir d1/dd; echo > d2/dd
p 1 diff 1 2; p 2 diff -q 1 2; p 3 diff -s 1 1; p 4 diff -r d1 d2; p 5 diff d1 d2; p 6 diff -rN d1 d2; p 7 diff -rq d1 d2; p 8 diff 1 /nope; p 9 diff -L l1 -L l2 1 2 ; p 10 diff -U1 1 2; p 11 diff 1; p 12 diff d1 d1/z; p 13 diff d1/z d2;  printf 'a\0b' > b1; printf 'a\0c' >b2; p 14 diff b1 b2; p 15 diff -N 1 nofile ; echo 'a' | p 16 diff - 1 ; p 17 diff -T 1 2 ;
i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo "line $((i*7%13))"; done > l1
i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo "line $((i*5%11))"; done > l2
p 18 diff l1 l2; p 19 diff -U0 l1 l2; p 20 diff -d l2 l1
sed 's/ /  /;3d;20i\
\
new' l1 > l3; p 21 diff l1 l3; p 22 diff -b l1 l3; p 23 diff -w l1 l3; p 24 diff -B -b l1 l3; p 25 diff -bB -U 1 l3 l1
printf 'A\nb\tc\n' > t1; printf 'a\nb\tc\nd\te\n' > t2; p 26 diff t1 t2; p 27 diff -i t1 t2; p 28 diff -t t1 t2; p 29 diff -tT t1 t2
: > empty; p 30 diff empty t1; p 31 diff t1 empty; printf 'x' > nx; printf 'x\n' > ny; p 32 diff nx ny; p 33 diff -b nx ny; p 34 diff -U 0 nx t1; p 35 diff -qr d1 d2; p 36 diff -q t1 t1; p 37 diff -s t1 t1; cp t1 t3; p 38 diff -s t1 t3
cat t1 | p 39 less; p 40 more t1 t2; p 41 less /nope; echo q | p 42 cat
